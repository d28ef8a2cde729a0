import { engineConformance } from "./engines-conformance.js";

engineConformance("wasm");
