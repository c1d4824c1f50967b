from benchmarks.site.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.admin", "django.contrib.messages", "django.contrib.staticfiles"]  # noqa: F405
MIDDLEWARE = [*MIDDLEWARE, "django.contrib.messages.middleware.MessageMiddleware"]  # noqa: F405
ROOT_URLCONF = "benchmarks.site.admin_urls"
STATIC_URL = "static/"
TEMPLATES[0]["OPTIONS"] = {  # noqa: F405
    "context_processors": [
        "django.template.context_processors.request",
        "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
    ]
}
