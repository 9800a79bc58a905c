// The hooks that the console uses.
export interface Ref<T> {
  current: T;
}
type Cleanup = void | (() => void);
type Set<T> = (value: T | ((before: T) => T)) => void;

// A state or a reference that begins empty is filled later.
export function useState<T = any>(initial: null | undefined): [T, Set<T>];
export function useState<T>(initial: T | (() => T)): [T, Set<T>];
export function useRef<T = any>(initial: null): Ref<T>;
export function useRef<T>(initial: T): Ref<T>;
export function useMemo<T>(compute: () => T, inputs: unknown[]): T;
export function useId(): string;
export function useEffect(effect: () => Cleanup, inputs?: unknown[]): void;
export function useLayoutEffect(effect: () => Cleanup, inputs?: unknown[]): void;
