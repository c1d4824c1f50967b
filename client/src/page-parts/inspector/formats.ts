const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"];

/** Times and sizes as the page's language writes them. */
export class Formats {
    private readonly language = document.documentElement.lang || undefined;
    private readonly day = new Intl.DateTimeFormat(this.language, {dateStyle: "medium", timeStyle: "short"});
    private readonly time = new Intl.DateTimeFormat(this.language, {timeStyle: "medium"});

    writeTime(element: Element | null, instant: number): void {
        if (!(element instanceof HTMLTimeElement)) return;
        const date = new Date(instant);
        const isToday = date.toDateString() === new Date().toDateString();
        const text = (isToday ? this.time : this.day).format(date);
        element.dateTime = date.toISOString();
        if (element.textContent !== text) element.textContent = text;
    }

    size(bytes: number): string {
        const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
        const unitDisplay = power ? "short" : "long";
        const options = {style: "unit", unit: UNITS[power]!, unitDisplay, maximumFractionDigits: 1} as const;
        return new Intl.NumberFormat(this.language, options).format(bytes / 1000 ** power);
    }
}
