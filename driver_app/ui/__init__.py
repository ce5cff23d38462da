"""The screens: the only place, with ``driver_app.main``, that knows Kivy."""
