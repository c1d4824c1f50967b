/**
 * How much one flush dares to send at once. A delivery that is refused as a whole is halved until the item that breaks it is
 * alone; the flush goes on past that item as long as the server proves to be there.
 */
export class Pace {
    /** Items this flush is done with. */
    readonly tried = new Set<string>();
    cap = Infinity;
    /** The server has answered since the last failure. */
    proven = false;
    private hasSkipped = false;

    /**
     * Whether the next delivery may leave before this one has been answered. Not in search of an item: what passes beside it
     * says nothing of it, and would have the halves grow again.
     */
    get overlaps(): boolean {
        return this.proven && this.cap === Infinity;
    }

    succeed(sent: readonly string[]): void {
        for (const id of sent) this.tried.add(id);
        this.cap *= 2;
        this.proven = true;
    }

    /** `divisible`: the failure may well concern a single item of the delivery, even if nothing else got through yet. */
    fail(sent: readonly string[], divisible: boolean): "divide" | "skip" | "stop" {
        if (sent.length > 1 && (divisible || this.proven)) {
            this.cap = Math.ceil(sent.length / 2);
            return "divide";
        }
        const goesOn = sent.length === 1 && (this.proven || (divisible && !this.hasSkipped));
        for (const id of sent) this.tried.add(id);
        this.cap = Infinity;
        this.proven = false;
        this.hasSkipped = true;
        return goesOn ? "skip" : "stop";
    }
}
