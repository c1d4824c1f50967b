/** Ask the browser, once in a page's life, not to clear the site's storage by itself: there is something to lose now. */
export class Persistence {
    private hasAsked = false;

    constructor(private readonly changed: () => Promise<unknown>) {}

    /** Firefox asks the user, the others decide by themselves. Workers cannot ask. */
    async ask(): Promise<void> {
        if (this.hasAsked) return;
        this.hasAsked = true;
        const storage = navigator.storage as Partial<StorageManager> | undefined;
        if (!storage?.persist || (await storage.persisted?.())) return;
        if (await storage.persist()) await this.changed();
    }
}
