import { localExecutor } from "../../../src/runner/execute/local-executor.js";
import { executorConformance } from "./executors-conformance.js";

executorConformance(localExecutor);
