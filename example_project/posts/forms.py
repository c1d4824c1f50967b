from django import forms

from .models import Post


class PostForm(forms.ModelForm):
    class Meta:
        model = Post
        fields = ("text", "photo")
        widgets = {
            "text": forms.Textarea(attrs={"rows": 3, "placeholder": "What happened out there?"}),
            "photo": forms.FileInput(attrs={"accept": "image/gif, image/jpeg, image/png, image/webp"}),
        }
