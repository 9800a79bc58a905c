// The parts of Preact that the console uses.
export type Node = object | string | number | boolean | null | undefined | Node[];
export function h(type: unknown, properties: object | null, ...children: Node[]): Node;
export function render(node: Node, parent: Element): void;
