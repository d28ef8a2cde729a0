/**
 * The Node-API version that the bindings are compiled for. It is the newest one that tfjs-node knows, and every
 * supported Node has it, so that one engine serves them all.
 */
export const NODE_API = 8;

/** Platforms for which PyPI has wheels with libtensorflow in them. */
export const NATIVE_PLATFORMS = ["linux-x64", "linux-arm64", "darwin-arm64"] as const;
export type NativePlatform = (typeof NATIVE_PLATFORMS)[number];

/** `cuda`: a TensorFlow built for NVIDIA's GPUs; it computes on the processor where it finds none. */
export type Device = "cpu" | "cuda";

/** This machine's platform, where the native engine can run on it. */
export function nativePlatform(
  platform: string = process.platform,
  arch: string = process.arch,
): NativePlatform | undefined {
  return NATIVE_PLATFORMS.find((name) => name === `${platform}-${arch}`);
}

/** File names of libtensorflow's two libraries, the one that needs the other first. */
export function libraryNames(platform: NativePlatform): readonly [cc: string, framework: string] {
  return platform === "darwin-arm64"
    ? ["libtensorflow_cc.2.dylib", "libtensorflow_framework.2.dylib"]
    : ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];
}
