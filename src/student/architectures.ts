import type { Head, Layer } from "./layers/schema.js";

export type ArchitectureName = "vgg-small" | "vgg16" | "vgg19";

/** Which layers a network has, the output layer aside. */
export interface NetworkShape {
  /** The convolutional part: one of ours, or `layers`. */
  readonly architecture: ArchitectureName | "layers";
  /** The convolutional part where `architecture` is `layers`. */
  readonly layers?: readonly Layer[];
  /** What comes between it and the output layer; default: the seed's. */
  readonly head?: Head;
}

/** The convolutional part of a student, from the input to the last pooling. */
export interface Architecture {
  /** Smallest input side, pixels. */
  readonly smallest: number;
  /** Momentum of the head's batch normalisation: short trainings need statistics that keep up. */
  readonly momentum: number;
  readonly layers: readonly Layer[];
}

interface Block {
  /** Convolutions in the block. */
  readonly depth: number;
  /** Filters of each. */
  readonly filters: number;
}

interface VggOptions {
  readonly blocks: readonly Block[];
  readonly kernel_initializer: "glorot_uniform" | "he_uniform";
  /** Batch normalisation after the pooling of each block but the last, whose values the head normalises: momentum. */
  readonly normalise?: number;
}

/** Blocks of 3 × 3 convolutions with relu and 2 × 2 max pooling, named as Keras's VGG16 names them. */
function vgg({ blocks, kernel_initializer, normalise }: VggOptions): Layer[] {
  return blocks.flatMap(({ depth, filters }, b): Layer[] => {
    const block = `block${b + 1}`;
    const convolutions = Array.from(
      { length: depth },
      (_, c): Layer => ({
        type: "Conv2D",
        name: `${block}_conv${c + 1}`,
        filters,
        kernel_size: 3,
        padding: "same",
        activation: "relu",
        kernel_initializer,
      }),
    );
    const pool: Layer = { type: "MaxPooling2D", name: `${block}_pool`, pool_size: 2, strides: 2 };
    if (normalise === undefined || b === blocks.length - 1) return [...convolutions, pool];
    return [...convolutions, pool, { type: "BatchNormalization", name: `${block}_bn`, momentum: normalise }];
  });
}

/** Blocks of Keras's VGG networks, which differ in the depth of the last three. */
function kerasVgg(deep: number): Architecture {
  return {
    smallest: 32,
    momentum: 0.99,
    layers: vgg({
      blocks: [
        { depth: 2, filters: 64 },
        { depth: 2, filters: 128 },
        { depth: deep, filters: 256 },
        { depth: deep, filters: 512 },
        { depth: deep, filters: 512 },
      ],
      kernel_initializer: "glorot_uniform",
    }),
  };
}

const ARCHITECTURES: Readonly<Record<ArchitectureName, Architecture>> = {
  /** Made for a minute of training on one core at 64 pixels. */
  "vgg-small": {
    smallest: 16,
    momentum: 0.9,
    layers: vgg({
      blocks: [
        { depth: 1, filters: 16 },
        { depth: 1, filters: 32 },
        { depth: 1, filters: 64 },
        { depth: 1, filters: 96 },
      ],
      kernel_initializer: "he_uniform",
      normalise: 0.9,
    }),
  },
  /** Keras's VGG16 and VGG19 without their tops: same names, order and default initialiser. */
  vgg16: kerasVgg(3),
  vgg19: kerasVgg(4),
};

/** The convolutional part of a network. A network of one's own may take images of any size and has Keras's momentum. */
export function bodyOf({ architecture, layers = [] }: NetworkShape): Architecture {
  return architecture === "layers" ? { smallest: 1, momentum: 0.99, layers } : ARCHITECTURES[architecture];
}

/**
 * The layers between the convolutional part and the output layer, by default the seed's: Flatten, BatchNorm,
 * Dense(tags, relu), Dropout.
 *
 * @param flat the convolutional part gives flat values already
 * @param momentum of the batch normalisation
 */
export function headLayers(head: Head, tags: number, flat: boolean, momentum: number): Layer[] {
  if ("layers" in head) return head.layers;
  const { pool = "flatten", batch_norm = true, units = [tags], activation = "relu", dropout } = head;
  return [
    ...(flat ? [] : [POOLS[pool]]),
    ...(batch_norm ? [{ type: "BatchNormalization", momentum } as const] : []),
    ...units.flatMap((count): Layer[] => [
      { type: "Dense", units: count, activation },
      dropout === undefined ? { type: "Dropout" } : { type: "Dropout", rate: dropout },
    ]),
  ];
}

const POOLS: Readonly<Record<"flatten" | "average" | "max", Layer>> = {
  flatten: { type: "Flatten" },
  average: { type: "GlobalAveragePooling2D" },
  max: { type: "GlobalMaxPooling2D" },
};
