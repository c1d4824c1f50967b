import {defineConfig} from "vitest/config";

// Apart from the others: what npm would get has to be built, packed and installed first.
export default defineConfig({test: {include: ["test/package/*.test.ts"]}});
