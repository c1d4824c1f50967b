/** What to show when an item has been applied and nobody is looking. */
export interface Notice {
    title: string;
    body?: string;
    /** Of this site; opened by a click. */
    url?: string;
}
