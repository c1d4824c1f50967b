/** Nobody waits for this work: a failure is told, and the next trigger tries again. */
export async function attempt(work: () => unknown): Promise<void> {
    try {
        await work();
    } catch (error) {
        console.warn("django-bgsync:", error);
    }
}
