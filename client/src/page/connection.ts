import type {Reached} from "../shared/outbox/messages";

export type ConnectionState = "online" | "offline" | "unreachable";

/** What the last exchange says of the way to the server; `navigator.onLine` only tells two failures apart. */
export class Connection {
    state: ConnectionState = navigator.onLine ? "online" : "offline";

    constructor(private readonly changed: (state: ConnectionState) => void) {}

    start(): void {
        addEventListener("offline", () => this.become("offline"));
        addEventListener("online", () => this.become("online"));
    }

    hear(reached: Reached): void {
        if (reached === "server") this.become("online");
        else this.become(navigator.onLine ? "unreachable" : "offline");
    }

    private become(state: ConnectionState): void {
        if (state === this.state) return;
        this.state = state;
        this.changed(state);
    }
}
