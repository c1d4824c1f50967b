{% block before %}{% endblock %}
{% block config %}self.__bgsync = {{ config }};{% endblock %}
{{ bundle }}
{% block extra %}{% endblock %}
