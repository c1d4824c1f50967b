/** One run at a time, and one more if that was asked for meanwhile: what is older must not overwrite what is newer. */
export function serial(work: () => Promise<void>): () => Promise<void> {
    let running: Promise<void> | null = null;
    let isWanted = false;

    async function run(): Promise<void> {
        try {
            while (isWanted) {
                isWanted = false;
                await work();
            }
        } finally {
            running = null;
        }
    }

    return () => {
        isWanted = true;
        return (running ??= run());
    };
}
