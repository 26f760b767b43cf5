#!/usr/bin/python3
"""A desktop's panel without a face: it takes tray icons, reads their menus and clicks in them.

It prints a JSON object, the environment in which programs find it, and answers each line on stdin with a line of JSON,
all after "panel: ", since the services that the bus starts write to the same stdout:

    icons         the icons that registered, as ["bus name/object path"]
    menu          the first icon's menu, as [{"label", "enabled"}]; null before there is one; separators have no label
    click LABEL   clicks; true, or false where there is no such line

It ends with its stdin. Run it by `xvfb-run -a dbus-run-session -- panel.py`; `--blind` leaves out the tray itself.
"""

import json
import os
import sys

import dbus
import dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

WATCHER = "org.kde.StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"
PROPERTIES = "org.freedesktop.DBus.Properties"


class Watcher(dbus.service.Object):
    """https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/StatusNotifierWatcher/"""

    def __init__(self, bus):
        super().__init__(bus, "/StatusNotifierWatcher")
        self.icons = []

    @dbus.service.method(WATCHER, in_signature="s", sender_keyword="sender")
    def RegisterStatusNotifierItem(self, item, sender):
        # Ayatana's library gives an object path, others their bus name.
        self.icons.append(sender + item if item.startswith("/") else item + "/StatusNotifierItem")
        self.StatusNotifierItemRegistered(self.icons[-1])

    @dbus.service.method(WATCHER, in_signature="s")
    def RegisterStatusNotifierHost(self, host):
        pass

    @dbus.service.signal(WATCHER, signature="s")
    def StatusNotifierItemRegistered(self, item):
        pass

    @dbus.service.method(PROPERTIES, in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        return self.GetAll(interface)[name]

    @dbus.service.method(PROPERTIES, in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        return {
            "RegisteredStatusNotifierItems": dbus.Array(self.icons, signature="s"),
            "IsStatusNotifierHostRegistered": True,
            "ProtocolVersion": 0,
        }


class Panel:
    def __init__(self, bus, watcher):
        self.bus = bus
        self.watcher = watcher

    def answer(self, command, argument):
        if command == "icons":
            return self.watcher.icons
        if command == "menu":
            lines = self.lines()
            return lines and [{"label": label, "enabled": enabled} for _, label, enabled in lines]
        if command == "click":
            ids = [number for number, label, _ in self.lines() or [] if label == argument]
            for number in ids:
                self.menu().Event(number, "clicked", dbus.String("", variant_level=1), dbus.UInt32(0))
            return bool(ids)
        raise ValueError(command)

    def menu(self):
        name, _, path = self.watcher.icons[0].partition("/")
        item = dbus.Interface(self.bus.get_object(name, "/" + path), PROPERTIES)
        return dbus.Interface(self.bus.get_object(name, item.Get(ITEM, "Menu")), MENU)

    def lines(self):
        """The lines of the menu, as (id, label, enabled)."""
        if not self.watcher.icons:
            return None
        try:
            menu = self.menu()
            menu.AboutToShow(0)
            _, (_, _, entries) = menu.GetLayout(0, -1, dbus.Array([], signature="s"))
        except dbus.DBusException:
            return None
        # One underline marks a mnemonic, two are one.
        plain = lambda label: str(label).replace("__", "\0").replace("_", "").replace("\0", "_")
        return [
            (number, plain(properties.get("label", "")), bool(properties.get("enabled", True)))
            for number, properties, _ in entries
        ]


def main():
    bus = dbus.SessionBus(mainloop=DBusGMainLoop())
    watcher = Watcher(bus)
    if "--blind" not in sys.argv:
        name = dbus.service.BusName(WATCHER, bus)  # held as long as this lives
    panel = Panel(bus, watcher)
    loop = GLib.MainLoop()
    commands = open(0, "rb", buffering=0)  # a buffer would hide lines from the main loop

    def say(value):
        print("panel: " + json.dumps(value), flush=True)

    def listen(channel, condition):
        line = commands.readline().decode()
        if not line:
            loop.quit()
            return False
        command, _, argument = line.rstrip("\n").partition(" ")
        try:
            say(panel.answer(command, argument))
        except Exception:
            loop.quit()
            raise
        return True

    say({name: os.environ[name] for name in ("DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS")})
    GLib.io_add_watch(commands.fileno(), GLib.IO_IN | GLib.IO_HUP, listen)
    loop.run()


main()
