import { initializers, layers, type SymbolicTensor } from "@tensorflow/tfjs-layers";

export type ArchitectureName = "vgg-small" | "vgg16";

type Symbolic = SymbolicTensor;
type Initializer = ReturnType<typeof initializers.heUniform>;

/** The convolutional part of a student, from the input to the last pooling. */
export interface Architecture {
  /** Smallest input side, pixels. */
  readonly smallest: number;
  /** Momentum of the head's batch normalisation: short trainings need statistics that keep up. */
  readonly momentum: number;
  /** @param seed gives each layer's initialiser its own number */
  build(input: Symbolic, seed: (layer: string) => number): Symbolic;
}

interface Block {
  /** Convolutions in the block. */
  readonly depth: number;
  /** Filters of each. */
  readonly filters: number;
}

interface VggOptions {
  readonly blocks: readonly Block[];
  readonly initializer: (seed: number) => Initializer;
  /** Batch normalisation after the pooling of each block but the last, whose values the head normalises: momentum. */
  readonly normalise?: number;
}

/** Blocks of 3 × 3 convolutions with relu and 2 × 2 max pooling, named as Keras's VGG16 names them. */
function vgg({ blocks, initializer, normalise }: VggOptions): Architecture["build"] {
  return (input, seed) => {
    let x = input;
    for (const [b, { depth, filters }] of blocks.entries()) {
      for (let c = 1; c <= depth; c++) {
        const name = `block${b + 1}_conv${c}`;
        x = layers
          .conv2d({
            name,
            filters,
            kernelSize: 3,
            padding: "same",
            activation: "relu",
            kernelInitializer: initializer(seed(name)),
          })
          .apply(x) as Symbolic;
      }
      x = layers.maxPooling2d({ name: `block${b + 1}_pool`, poolSize: 2, strides: 2 }).apply(x) as Symbolic;
      if (normalise !== undefined && b < blocks.length - 1) {
        x = layers.batchNormalization({ name: `block${b + 1}_bn`, momentum: normalise }).apply(x) as Symbolic;
      }
    }
    return x;
  };
}

export const ARCHITECTURES: Readonly<Record<ArchitectureName, Architecture>> = {
  /** Made for a minute of training on one core at 64 pixels. */
  "vgg-small": {
    smallest: 16,
    momentum: 0.9,
    build: vgg({
      blocks: [
        { depth: 1, filters: 16 },
        { depth: 1, filters: 32 },
        { depth: 1, filters: 64 },
        { depth: 1, filters: 96 },
      ],
      initializer: (seed) => initializers.heUniform({ seed }),
      normalise: 0.9,
    }),
  },
  /** Keras's VGG16 without its top: same names, order and default initialiser. */
  vgg16: {
    smallest: 32,
    momentum: 0.99,
    build: vgg({
      blocks: [
        { depth: 2, filters: 64 },
        { depth: 2, filters: 128 },
        { depth: 3, filters: 256 },
        { depth: 3, filters: 512 },
        { depth: 3, filters: 512 },
      ],
      initializer: (seed) => initializers.glorotUniform({ seed }),
    }),
  },
};
