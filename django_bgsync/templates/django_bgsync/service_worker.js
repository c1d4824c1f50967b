{% block before %}{% endblock %}
{% block config %}self.__bgsync = {{ config }};{% endblock %}
{{ bundle }}
{% if scripts %}importScripts(...{{ scripts }});
{% endif %}{% block extra %}{% endblock %}
