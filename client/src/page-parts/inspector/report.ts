import type {Bgsync} from "../../page/api";

/** What the browser can do for the outbox, in the words of the template. */
export async function describeBrowser(api: Pick<Bgsync, "capabilities">, root: ParentNode): Promise<void> {
    const capabilities = Object.entries(await api.capabilities());
    for (const [name, value] of capabilities) {
        const place = root.querySelector(`[data-capability="${name}"]`);
        const given = Array.isArray(value) ? value.join(", ") || "none" : String(value);
        const text = place?.closest("[data-word-true]")?.getAttribute(`data-word-${given}`) ?? given;
        if (place && place.textContent !== text) place.textContent = text;
    }
}
