import { onEachEngine } from "./each-engine.js";
import { engineConformance } from "./engines-conformance.js";

onEachEngine(engineConformance);
