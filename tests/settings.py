"""Settings of the package's own tests: the package, what it needs, nothing of the example."""

import os
from pathlib import Path
from tempfile import gettempdir

import dj_database_url

ROOT = Path(__file__).resolve().parent.parent

SECRET_KEY = "not a secret: only tests use it"
DEBUG = False
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
LANGUAGE_CODE = "en"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework.authtoken",
    "django_q",
    "django_bgsync",
    "tests.app",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "tests.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "static/"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast, for tests only

DATABASES = {"default": dj_database_url.parse(os.environ.get("DATABASE_URL", f"sqlite:///{ROOT / 'tests.sqlite3'}"))}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"] |= {
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
        # a file, as in production: an in-memory database has neither locks nor a second process;
        # one for each run, so that two runs do not meet
        "TEST": {"NAME": Path(gettempdir()) / f"django-bgsync-tests-{os.getpid()}.sqlite3"},
    }

Q_CLUSTER = {"orm": "default", "timeout": 60, "retry": 120}
