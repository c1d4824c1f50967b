import {mkdirSync, writeFileSync} from "node:fs";
import {join} from "node:path";

import {makeBundles, STATIC} from "./bundles.mjs";

mkdirSync(STATIC, {recursive: true});
for (const [name, text] of await makeBundles()) writeFileSync(join(STATIC, name), text);
