import { StageError } from "../../contract/stage.js";
import type { Chain } from "./chain.js";
import type { CompleteLayer } from "./complete.js";

/** [height, width, channels] of feature maps, or [values]. */
type Shape = readonly [number, number, number] | readonly [number];

/**
 * Follows the shapes through a network.
 *
 * @throws StageError for the first layer that does not fit on what comes before it
 */
export function checkShapes(
  { body, head }: Chain,
  size: { readonly width: number; readonly height: number },
): void {
  [...body, ...head].reduce<Shape>((shape, layer) => outputShape(layer, shape), [size.height, size.width, 3]);
}

function outputShape(layer: CompleteLayer, shape: Shape): Shape {
  switch (layer.type) {
    case "Conv2D":
      return windows(layer, layer.kernel_size, maps(layer, shape), layer.filters);
    case "MaxPooling2D":
    case "AveragePooling2D":
      return windows(layer, layer.pool_size, maps(layer, shape), maps(layer, shape)[2]);
    case "GlobalMaxPooling2D":
    case "GlobalAveragePooling2D":
      return [maps(layer, shape)[2]];
    case "Flatten":
      return [shape.reduce((a, b) => a * b, 1)];
    case "Dense":
      if (shape.length === 1) return [layer.units];
      throw unfit(layer, "it takes flat values: put Flatten or GlobalAveragePooling2D before it");
    case "BatchNormalization":
    case "Activation":
    case "Dropout":
      return shape;
  }
}

function maps(layer: CompleteLayer, shape: Shape): readonly [number, number, number] {
  if (shape.length === 3) return shape;
  throw unfit(layer, "it takes feature maps, but a layer before it has made them flat");
}

type Windowed = Extract<CompleteLayer, { readonly strides: unknown }>;

/** Windows of a size over rows and columns; with `same` padding as many as there are strides (TensorFlow's rule). */
function windows(
  layer: Windowed,
  window: readonly [number, number],
  [height, width, channels]: readonly [number, number, number],
  given: number,
): Shape {
  const count = (side: number, axis: 0 | 1) =>
    Math.ceil((layer.padding === "same" ? side : side - window[axis] + 1) / layer.strides[axis]);
  const [rows, columns] = [count(height, 0), count(width, 1)];
  if (rows >= 1 && columns >= 1) return [rows, columns, given];
  throw unfit(layer, `its window does not fit into ${height} × ${width} × ${channels}`);
}

function unfit({ name, type }: CompleteLayer, problem: string): StageError {
  return new StageError(`the layer ${name} (${type}) does not fit: ${problem}`, {
    class: "layers",
    hint: "each layer takes what the one before it gives; Keras's model.summary() shows the shapes of a network",
  });
}
