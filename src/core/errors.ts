/** A failure a stage foresaw: shown with its hint instead of a stack. */
export class StageError extends Error {
  constructor(
    message: string,
    readonly options: { readonly hint?: string; readonly class?: string; readonly blob?: string } = {},
  ) {
    super(message);
    this.name = "StageError";
  }
}
