import { it } from "node:test";
import { usableEngine } from "../../src/engine/native/installed.js";
import { engineConformance } from "./engines-conformance.js";

engineConformance("wasm");

if (usableEngine()) engineConformance("tensorflow");
else it("engine tensorflow", { skip: "no native engine is installed here: pipe engine install" }, () => {});
