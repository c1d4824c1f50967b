/** An element of the template that the script fills. */
export function of(root: ParentNode, name: string): HTMLElement | null {
    return root.querySelector<HTMLElement>(`[data-of="${name}"]`);
}

/** Always as text: whatever it says, it is no markup. An assignment makes screen readers speak. */
export function write(root: ParentNode, name: string, text: string): void {
    const element = of(root, name);
    if (element && element.textContent !== text) element.textContent = text;
}

/** Of the elements that say one thing each, show the one for this value. */
export function choose(root: ParentNode, kind: "when" | "state" | "next", value: string): void {
    for (const element of root.querySelectorAll<HTMLElement>(`[data-${kind}]`)) element.hidden = element.dataset[kind] !== value;
}

export function showIf(root: ParentNode, name: string, isTrue: boolean): void {
    for (const element of root.querySelectorAll<HTMLElement>(`[data-if="${name}"]`)) element.hidden = !isTrue;
}

export function button(root: ParentNode, action: string): HTMLElement | null {
    return root.querySelector<HTMLElement>(`[data-action="${action}"]`);
}
