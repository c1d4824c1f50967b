"""The smallest site that can use the package."""

SECRET_KEY = "wheel"
ROOT_URLCONF = "urls"
ALLOWED_HOSTS = ["testserver"]
STATIC_URL = "static/"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django_q", "django_bgsync"]
Q_CLUSTER = {"orm": "default", "timeout": 60, "retry": 120}
BGSYNC = {"FILE_ROOT": "bgsync_files"}
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": ":memory:",
        "OPTIONS": {"transaction_mode": "IMMEDIATE"},
    }
}
