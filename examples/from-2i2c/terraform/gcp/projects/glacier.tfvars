# Invented, in the format of 2i2c's files: the settings of Terraform, without groups that write to buckets.
prefix     = "glacier"
project_id = "example-glacier"
zone       = "us-west1-a"
region     = "us-west1"

user_buckets = {
  "scratch" : {
    "delete_after" : 14
  },
  "persistent" : {
    "delete_after" : null
  }
}

hub_cloud_permissions = {
  "prod" : {
    bucket_admin_access : ["scratch", "persistent"],
    hub_namespace : "prod"
  }
}

notebook_nodes = {
  "e2-highmem-8" : {
    min : 0,
    max : 20,
    machine_type : "e2-highmem-8"
  }
}
