"""Programs that kill real senders and rescuers, and count afterwards: nobody twice, nobody lost."""
