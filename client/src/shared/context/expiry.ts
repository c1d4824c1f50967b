/** `AbortSignal.timeout`, which Safari has since 16 only. */
export function expiry(milliseconds: number): AbortSignal {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), milliseconds);
    return controller.signal;
}
