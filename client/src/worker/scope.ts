import type {PeriodicSyncManager} from "../shared/feeds/periodic-tags";

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
    /** The page that sent it. */
    readonly source: {readonly id: string} | null;
}

/** A `periodicsync` event; not in TypeScript's library. */
export interface PeriodicSyncEvent extends Extendable {
    readonly tag: string;
}

/** A request of a page in our scope. */
export interface FetchEvent extends Extendable {
    readonly request: Request;
    /** Of the page; "" for a navigation. */
    readonly clientId: string;
    readonly preloadResponse: Promise<Response | undefined>;
    respondWith(response: Response | Promise<Response>): void;
}

export interface NotificationEvent extends Extendable {
    readonly notification: Notification;
}

/** A page, as its worker sees it. */
export interface Page {
    readonly url: string;
    readonly visibilityState: DocumentVisibilityState;
    focus(): Promise<Page>;
    navigate(url: string): Promise<Page | null>;
}

interface Events {
    fetch: FetchEvent;
    notificationclick: NotificationEvent;
    install: Extendable;
    activate: Extendable;
    message: Message;
    sync: SyncEvent;
    periodicsync: PeriodicSyncEvent;
}

export interface WorkerScope {
    readonly location: {readonly origin: string};
    readonly navigator: {readonly locks: LockManager; readonly onLine?: boolean; readonly userAgent?: string};
    readonly clients: {
        claim(): Promise<void>;
        get(id: string): Promise<unknown>;
        matchAll(options: {type: "window"; includeUncontrolled?: boolean}): Promise<Page[]>;
        openWindow(url: string): Promise<Page | null>;
    };
    readonly registration: {
        readonly sync?: {register(tag: string): Promise<void>};
        readonly navigationPreload?: {enable(): Promise<void>};
        showNotification(title: string, options: NotificationOptions): Promise<void>;
        readonly periodicSync?: PeriodicSyncManager;
        update(): Promise<unknown>;
    };
    readonly cookieStore?: {get(name: string): Promise<{value?: string} | null>};
    fetch(request: string | Request, init?: RequestInit): Promise<Response>;
    skipWaiting(): Promise<void>;
    addEventListener<T extends keyof Events>(type: T, listener: (event: Events[T]) => void): void;
}
