import {expect, test} from "vitest";

import {
    AlreadySentError, NotRetryableError, NotSerializableError, QuotaExceededError, StorageUnavailableError, TooLargeError,
} from "../../src/shared/vocabulary/errors";

test("errors bear the names of their classes, also in bundles that have shortened these", () => {
    const errors = [
        new AlreadySentError("1"), new NotRetryableError("1"), new NotSerializableError(), new QuotaExceededError(null),
        new StorageUnavailableError(), new TooLargeError("It has", 2, 1),
    ];

    expect(errors.map((error) => error.name)).toEqual(errors.map((error) => error.constructor.name));
});
