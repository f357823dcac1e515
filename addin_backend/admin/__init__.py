"""The pages of staff: quarantine, record of sharing, reports, policy; and the same acts as an API."""
