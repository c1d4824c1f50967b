import {existsSync, readFileSync} from "node:fs";
import {join} from "node:path";

import {makeBundles, STATIC} from "./bundles.mjs";

const committed = (name) => (existsSync(join(STATIC, name)) ? readFileSync(join(STATIC, name), "utf8") : "");
const stale = [...await makeBundles()].filter(([name, text]) => committed(name) !== text).map(([name]) => name);
if (stale.length) {
    console.error(`The bundles are not what client/src gives (${stale.join(", ")}): run "npm run build" in client/ and commit them.`);
    process.exitCode = 1;
}
