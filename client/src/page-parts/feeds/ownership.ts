import type {Core} from "../../page/core";
import {attempt} from "../../shared/context/attempts";
import {readDevice} from "../../shared/rows/device";

/** Who does not answer within it says nothing for now. */
const PATIENCE = 5_000;

/** Whose feeds they are. */
export class Ownership {
    constructor(private readonly core: Core) {}

    /** Whether the server could be asked anew. */
    async recheck(): Promise<boolean> {
        this.core.runtime.isConfirmed = false;
        await this.ask();
        return this.core.runtime.isConfirmed;
    }

    /** The owner's key, "" for nobody: as the server says or, where that cannot be asked, as it said last. */
    async confirm(): Promise<string> {
        const {runtime} = this.core;
        if (!runtime.isConfirmed) await Promise.race([this.ask(), new Promise((resume) => setTimeout(resume, PATIENCE))]);
        return (await runtime.db.read(readDevice)).owner;
    }

    private ask(): Promise<void> {
        return attempt(async () => (await this.core.part("engine")).confirm());
    }
}
