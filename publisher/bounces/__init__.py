"""Mail that comes back: what it says, whose fault it is, and what it does. Pure but `mailbox` and `lmtp`.

`reading` makes `publisher.feedback.Feedback` of a raw mail; `classify` says whose trouble a refusal is; `policy`
what it does for its reader, `judging` what many of them say of a mailing. What providers' webhooks tell goes the
same way from `classify` on.
"""
