import Type from "typebox";

const strict = { additionalProperties: false };

const include_top = Type.Optional(
  Type.Boolean({
    description:
      "Take the head's and the output's weights too, by the names of their layers. Default: false, as Keras's notop.",
  }),
);

export const WeightsParam = Type.Union(
  [
    Type.Enum(["none", "imagenet"]),
    Type.Object(
      {
        file: Type.String({
          description:
            "Path of a Keras .h5 file, relative to the pipeline file. Its content counts, not its name.",
          minLength: 1,
          pipeNeutral: true,
        }),
        include_top,
      },
      { ...strict, description: "A file of Keras weights." },
    ),
    Type.Object(
      {
        url: Type.String({
          description: "Address of a Keras .h5 file. What counts is its sha256.",
          pattern: "^https?://",
          pipeNeutral: true,
        }),
        sha256: Type.String({
          description: "Its sha256: 64 hexadecimal digits. Another file is refused.",
          pattern: "^[0-9a-f]{64}$",
        }),
        include_top,
      },
      { ...strict, description: "A file of Keras weights on the web; fetched once." },
    ),
  ],
  {
    description:
      "Initial weights of the convolutional part: `none` draws them from the seed; `imagenet` are Keras's own for vgg16 and vgg19; or a Keras .h5 file by {file: …} or {url: …, sha256: …}. They want `preprocess: caffe` where Keras's VGG networks were trained so.",
    default: "none",
  },
);
