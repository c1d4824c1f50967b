import {BODY} from "../../shared/rows/captured";
import type {Database} from "../../shared/rows/database";
import {readFiles} from "../../shared/rows/files";
import {findOwn} from "../../shared/rows/items";

/** A body that people can read. Anything else is named by its type and size. */
const READABLE = /^(text\/|application\/(json|x-www-form-urlencoded|[\w.-]+\+json)\b)/;

/** Payload, or request with its body, as text; "" if the item is gone, or is not the current owner's any more. */
export function contentsOf(db: Database, id: string): Promise<string> {
    return db.read(async (tx) => {
        const item = await findOwn(tx, id);
        if (!item) return "";
        const {request, payload} = item;
        if (!request) return JSON.stringify(payload, null, 2);
        const head = [`${request.method} ${request.path}`, ...request.headers.map(([name, value]) => `${name}: ${value}`)];
        const body = (await readFiles(tx, item)).find(({name}) => name === BODY);
        if (body) head.push("", READABLE.test(body.type) ? new TextDecoder().decode(body.content) : `(${body.type} ${body.size})`);
        return head.join("\n");
    });
}
