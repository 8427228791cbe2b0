"""How dates are written into fields. What people read is formatted by the tags in ``kernel.templatetags.ui``."""
