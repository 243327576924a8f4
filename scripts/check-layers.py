#!/usr/bin/env python3
"""check-layers.py - every #include of src/ and include/ against scripts/layers.txt.

A room includes only from rooms that its line allows: public headers of theirs, never their private
ones. A public header that only its own room includes is no public header. The rooms' lines are in
order: what a room may use stands above it, so there is no cycle. A part of a room (nn/packed) may use
private headers of the parts that its own line names. Outside libraries have one place each.
"""
import os
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def read_rules(path):
    """uses: room -> rooms; owner: public header -> room; places: (prefix, rooms)."""
    uses, owner, places = {}, {}, []
    for number, line in enumerate(open(path), 1):
        line = line.split('#')[0].strip()
        if not line:
            continue
        if line.startswith('<'):
            prefix, *rooms = line.split()
            places.append((prefix[1:].rstrip('>'), rooms))
            continue
        room, rest = line.split(':', 1)
        used, _, headers = rest.partition('|')
        for name in used.split():
            if name not in uses:
                sys.exit(f'{path}:{number}: {room} uses {name}, which is not above it')
        uses[room] = set(used.split())
        for header in headers.split():
            owner[header if header.endswith('.def') else header + '.h'] = room
    return uses, owner, places


def sources():
    for top in ('src', 'include'):
        for folder, _, names in sorted(os.walk(top)):
            for name in sorted(names):
                if name.endswith(('.c', '.h', '.inc', '.def')):
                    yield os.path.join(folder, name)


def private_target(file, name):
    for path in (os.path.normpath(os.path.join(os.path.dirname(file), name)), 'src/' + name):
        if path.startswith('src/') and os.path.exists(path):
            return path
    return None


def check_private(file, target, uses):
    part, other = os.path.dirname(file)[4:], os.path.dirname(target)[4:]
    if part == other:
        return None
    if part.split('/')[0] != other.split('/')[0]:
        return f'{target[4:]} is private to {other}'
    if other not in uses.get(part, set()):
        return f'{part} may not use {other}'
    return None


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
    uses, owner, places = read_rules('scripts/layers.txt')
    bad, users = [], {}
    for file in sources():
        public = file.startswith('include/')
        room = owner.get(os.path.basename(file)) if public else file.split('/')[1]
        if room not in uses:
            bad.append(f'{file}: no line of scripts/layers.txt owns it')
            continue
        if not public and os.path.dirname(file)[4:] not in uses:
            bad.append(f'{file}: {os.path.dirname(file)} has no line in scripts/layers.txt')
        for kind, name in INCLUDE.findall(open(file).read()):
            if kind == '<':
                for prefix, homes in places:
                    if name.startswith(prefix) and room not in homes:
                        bad.append(f'{file}: <{name}> belongs to {", ".join(homes)}')
            elif name.startswith('qgrid/'):
                home = owner.get(name[6:])
                users.setdefault(name[6:], set()).add('include' if public else room)
                if home and home != room and home not in uses[room]:
                    bad.append(f'{file}: {room} may not use {home} ({name})')
            else:
                target = private_target(file, name)
                why = check_private(file, target, uses) if target else 'there is no such file'
                if why:
                    bad.append(f'{file}: "{name}": {why}')
    outside = outside_users()
    for header, room in owner.items():
        if not os.path.exists('include/qgrid/' + header):
            bad.append(f'scripts/layers.txt: there is no include/qgrid/{header}')
        elif users.get(header, set()) <= {room} and header not in outside:
            bad.append(f'include/qgrid/{header}: only {room} includes it')
    print('\n'.join(bad) if bad else 'layers: every include is as scripts/layers.txt says')
    return 1 if bad else 0


def outside_users():
    """Public headers that tools/ include: programs of their own over the library."""
    found = set()
    for name in os.listdir('tools'):
        if name.endswith('.c'):
            text = open(os.path.join('tools', name)).read()
            found |= {n[6:] for k, n in INCLUDE.findall(text) if n.startswith('qgrid/')}
    return found


if __name__ == '__main__':
    sys.exit(main())
