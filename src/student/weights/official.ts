import type { ArchitectureName } from "../architectures.js";

/** A file on the web with what proves that it is the right one. */
export interface WebFile {
  readonly url: string;
  readonly digest: Digest;
}

export interface Digest {
  readonly algorithm: "sha256" | "md5";
  /** Lower-case hexadecimal. */
  readonly hex: string;
  /** Size of the file, where it is known. */
  readonly bytes?: number;
}

const KERAS = "https://storage.googleapis.com/tensorflow/keras-applications";

/**
 * Keras's files of ImageNet weights without the top. Keras publishes md5 and no sha256
 * (keras/src/applications/vgg16.py and vgg19.py, version 3.15.1); the sizes are those that its downloads show.
 */
const IMAGENET: Readonly<Partial<Record<ArchitectureName, WebFile>>> = {
  vgg16: {
    url: `${KERAS}/vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5`,
    digest: { algorithm: "md5", hex: "6d6bbae143d832006294945121d1f1fc", bytes: 58_889_256 },
  },
  vgg19: {
    url: `${KERAS}/vgg19/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5`,
    digest: { algorithm: "md5", hex: "253f8cb515780f3b799900260a226db6", bytes: 80_134_624 },
  },
};

/** ImageNet's weights for a network; none for networks that Keras does not have. */
export function imagenetFile(architecture: string): WebFile | undefined {
  return Object.hasOwn(IMAGENET, architecture) ? IMAGENET[architecture as ArchitectureName] : undefined;
}
