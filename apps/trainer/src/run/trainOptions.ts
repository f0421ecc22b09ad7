/** Arguments of `meanflow train`, as the command line gives them. */
export interface TrainOptions {
  readonly preset?: string;
  readonly config?: string;
  readonly out?: string;
  readonly steps?: string;
  readonly seed?: string;
  readonly backend?: string;
  readonly threads?: string;
  readonly resume?: boolean;
  readonly set?: readonly string[];
}
