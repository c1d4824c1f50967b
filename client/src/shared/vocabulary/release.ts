declare const BGSYNC_RELEASE: string;

/** Made from the sources by the build. Parts of different releases know each other's objects by different names. */
export const RELEASE = typeof BGSYNC_RELEASE === "undefined" ? "source" : BGSYNC_RELEASE;
