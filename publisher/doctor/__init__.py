"""Whether an instance can do its work: one file a check, a table of them, and what runs them in bounded time.

A check is given the `Ground` it stands on and says what it found. It never mails anybody and changes nothing that
anybody would notice.
"""
