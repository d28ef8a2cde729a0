import { StageError } from "../../contract/stage.js";
import type { Device, NativePlatform } from "../native/platform.js";

/** A wheel on PyPI with libtensorflow in it. */
export interface Wheel {
  readonly project: string;
  readonly tensorflow: string;
  /** CPython version it is for. No Python code of it is used: any would do, one is tested. */
  readonly python: string;
  readonly platforms: readonly string[];
  /** Of the file; undefined where the user has to know it. */
  readonly sha256: string | undefined;
}

export const DEFAULT_TENSORFLOW = "2.21.0";

const PYTHON = "3.11";

/** Wheel tags that pip is asked for. */
const PLATFORM_TAGS: Readonly<Record<NativePlatform, readonly string[]>> = {
  "linux-x64": ["manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"],
  "linux-arm64": ["manylinux_2_27_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"],
  "darwin-arm64": ["macosx_12_0_arm64"],
};

type Target = `${NativePlatform}/${Device}`;

/** sha256 of the supported wheels for CPython 3.11, as PyPI gives them. */
const SHA256: Readonly<Record<string, Readonly<Partial<Record<Target, string>>>>> = {
  "2.21.0": {
    "linux-x64/cpu": "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c",
    "linux-x64/cuda": "9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124",
    "linux-arm64/cpu": "4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c",
    "darwin-arm64/cpu": "51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88",
  },
  "2.15.1": {
    "linux-x64/cpu": "54660c074d7241a503e81edfd9f5ef5af88f64051b72e2945f26318c790f2d26",
    "linux-x64/cuda": "bb0edd69103c154245c5f209f0507355cc68ba7e4de350084bc31edc562478e4",
    "linux-arm64/cpu": "d4c3a3a9363bf42999adedbbd514e3a133be2d62f61fee9cfa46aaefb087c09e",
    "darwin-arm64/cpu": "58fca6399665f19e599c591c421672d9bc8b705409d43ececd0931d1d3bc6a7e",
  },
};

export const SUPPORTED: readonly string[] = Object.keys(SHA256);

/**
 * The wheel of a version for a platform.
 *
 * @param sha256 of the wheel, for versions that are not in the table
 * @throws StageError where the platform has no such build, and for a version whose hash nobody gave
 */
export function wheelOf(
  tensorflow: string,
  platform: NativePlatform,
  device: Device,
  sha256: string | undefined,
): Wheel {
  if (device === "cuda" && platform !== "linux-x64") {
    throw new StageError(`there is no CUDA build of TensorFlow for ${platform} on PyPI`, {
      class: "engine-platform",
      hint: "pipe engine install --cpu",
    });
  }
  const known = SHA256[tensorflow]?.[`${platform}/${device}`];
  if (known === undefined && sha256 === undefined) {
    throw new StageError(
      `TensorFlow ${tensorflow} is not among the supported versions (${SUPPORTED.join(", ")})`,
      {
        class: "engine-version",
        hint: "give its wheel's sha256, as PyPI shows it, with --sha256, or leave --tensorflow out",
      },
    );
  }
  return {
    project: project(tensorflow, platform, device),
    tensorflow,
    python: PYTHON,
    platforms: PLATFORM_TAGS[platform],
    sha256: sha256 ?? known,
  };
}

/** Until 2.15 the project `tensorflow` was an empty wheel outside of x86, one that named another project. */
function project(tensorflow: string, platform: NativePlatform, device: Device): string {
  if (platform === "linux-x64") return device === "cpu" ? "tensorflow-cpu" : "tensorflow";
  const [major = 0, minor = 0] = tensorflow.split(".").map(Number);
  if (major > 2 || minor >= 16) return "tensorflow";
  return platform === "linux-arm64" ? "tensorflow-cpu-aws" : "tensorflow-macos";
}

/** What a wheel's file name tells; undefined for the name of anything else. */
export function wheelFromName(file: string): { tensorflow: string; device: Device } | undefined {
  const match = /^(tensorflow(?:_\w+)?)-([^-]+)-.*\.whl$/.exec(file);
  if (!match) return undefined;
  const [, name, tensorflow] = match as unknown as [string, string, string];
  return { tensorflow, device: name === "tensorflow" && file.includes("x86_64") ? "cuda" : "cpu" };
}
