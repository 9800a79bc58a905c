// The parts of Preact Signals that the console uses.
export interface Signal<T> {
  value: T;
}
export function signal<T = any>(initial: null | undefined): Signal<T>;
export function signal<T>(initial: T): Signal<T>;
export function effect(run: () => void): () => void;
