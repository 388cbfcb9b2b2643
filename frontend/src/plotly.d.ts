declare module "plotly.js-cartesian-dist-min" {
  export interface Figure {
    data: Record<string, unknown>[];
    layout: Record<string, unknown>;
  }
  const Plotly: {
    react(
      target: HTMLElement,
      data: Record<string, unknown>[],
      layout: Record<string, unknown>,
      config: Record<string, unknown>,
    ): Promise<unknown>;
    purge(target: HTMLElement): void;
  };
  export default Plotly;
}
