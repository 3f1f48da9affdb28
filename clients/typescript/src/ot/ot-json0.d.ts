// The package comes without types.

declare module "ot-json0" {
  type Side = "left" | "right";

  /** Components are applied to the content given, in place. */
  const json0: {
    type: {
      apply(content: unknown, op: unknown): unknown;
      append(op: unknown[], component: unknown): void;
      transform(op: unknown, other: unknown, side: Side): unknown[];
      invert(op: unknown): unknown[];
    };
  };
  export default json0;
}
