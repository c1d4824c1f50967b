const PATIENCE = 20_000;

/** `<form data-bgsync-logout="send">`: the outbox first, then the form goes where it would have gone anyway. */
export function watchLogoutForms(logOut: (pending: string) => Promise<unknown>): void {
    const ready = new WeakSet<HTMLFormElement>();
    document.addEventListener("submit", (event) => {
        const form = event.target as HTMLFormElement;
        const pending = form.dataset["bgsyncLogout"];
        if (pending === undefined || event.defaultPrevented || ready.delete(form)) return;
        event.preventDefault();
        const submitter = (event as SubmitEvent).submitter;
        // Whatever becomes of the outbox, nobody is kept from signing out.
        const done = Promise.race([logOut(pending || "keep"), new Promise((resume) => setTimeout(resume, PATIENCE))]);
        void done.catch((error: unknown) => console.warn("django-bgsync:", error)).then(() => {
            ready.add(form);
            form.requestSubmit(submitter);
        }).catch(() => form.submit());  // the button is gone, or a Safari before 16
    });
}
