/** As much of a worker as we touch. TypeScript's libraries for pages and for workers cannot be used together. */
export interface Extendable extends Event {
    waitUntil(work: Promise<unknown>): void;
}

/** A `sync` event; not in TypeScript's library. */
export interface SyncEvent extends Extendable {
    readonly tag: string;
    readonly lastChance: boolean;
}

interface Message extends Extendable {
    readonly data: unknown;
    readonly ports: readonly MessagePort[];
}

interface Events {
    install: Extendable;
    activate: Extendable;
    message: Message;
    sync: SyncEvent;
}

export interface WorkerScope {
    readonly location: {readonly origin: string};
    readonly navigator: {readonly locks?: LockManager};
    readonly clients: {claim(): Promise<void>};
    readonly cookieStore?: {get(name: string): Promise<{value?: string} | null>};
    fetch(url: string, init: RequestInit): Promise<Response>;
    skipWaiting(): Promise<void>;
    addEventListener<T extends keyof Events>(type: T, listener: (event: Events[T]) => void): void;
}
