import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import fastGlob from "fast-glob";
import { StageError } from "../../contract/stage.js";
import { type Device, libraryNames, type NativePlatform } from "../native/platform.js";
import { type Wheel, wheelFromName } from "./releases.js";

/** Where libtensorflow comes from. */
export type Source =
  | { readonly type: "pypi"; readonly wheel: Wheel; readonly device: Device }
  | { readonly type: "wheel"; readonly path: string; readonly tensorflow: string; readonly device: Device }
  | { readonly type: "folder"; readonly folder: string; readonly device: Device };

/** Libraries of NVIDIA's pip packages that TensorFlow opens by name. */
const NVIDIA =
  /^lib(cudart|cublas|cublasLt|cufft|curand|cusolver|cusparse|cupti|nvJitLink|nvrtc|cudnn|nccl)\.so\.\d+$/;

/**
 * What `--from` names: a wheel, or a folder with the two libraries and `include/`, also by way of the virtual environment or
 * site-packages that holds it. A folder's libraries are used where they are.
 *
 * @throws StageError for anything else
 */
export function sourceFrom(from: string, platform: NativePlatform, device: Device | undefined): Source {
  const found = statSync(from, { throwIfNoEntry: false });
  if (!found) throw notTensorflow(from, "there is no such file or folder");
  if (!found.isDirectory()) {
    const wheel = wheelFromName(basename(from));
    if (!wheel) throw notTensorflow(from, "its name is not that of a TensorFlow wheel");
    return {
      type: "wheel",
      path: resolve(from),
      tensorflow: wheel.tensorflow,
      device: device ?? wheel.device,
    };
  }
  const names = libraryNames(platform);
  const candidates = [from, join(from, "tensorflow"), ...below(from, "lib/python*/site-packages/tensorflow")];
  const folder = candidates.find((path) => names.every((name) => existsSync(join(path, name))));
  if (folder === undefined) throw notTensorflow(from, `it does not hold ${names.join(" and ")}`);
  if (!existsSync(join(folder, "include/tensorflow/c/c_api.h"))) {
    throw notTensorflow(from, "it holds the libraries, but not include/tensorflow/c/c_api.h");
  }
  return { type: "folder", folder: realpathSync(folder), device: device ?? deviceOf(folder) };
}

/** The NVIDIA libraries that pip put beside a TensorFlow: `site-packages/nvidia/<package>/lib/`. */
export function nvidiaLibraries(tensorflow: string): string[] {
  return below(dirname(tensorflow), "nvidia/*/lib/*")
    .filter((path) => NVIDIA.test(basename(path)))
    .sort();
}

function below(folder: string, pattern: string): string[] {
  return fastGlob.sync(pattern, { cwd: folder, absolute: true, onlyFiles: false });
}

function deviceOf(folder: string): Device {
  const info = join(folder, "python/platform/build_info.py");
  return existsSync(info) && /is_cuda_build['"]?\s*[,:]\s*True/.test(readFileSync(info, "utf8"))
    ? "cuda"
    : "cpu";
}

function notTensorflow(from: string, why: string): StageError {
  return new StageError(`${from} is no TensorFlow: ${why}`, {
    class: "bad-source",
    hint: "--from takes a tensorflow wheel (.whl), a virtual environment or site-packages with TensorFlow in it, or a folder with its libraries and include/",
  });
}
